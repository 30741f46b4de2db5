/** The addresses that preflight prints after a submission, on this host: they lead to our pages. */
import { Navigate, useParams } from 'react-router';

/** `/component/view/{projectId}/images` and `/component/view/{projectId}/security/vulnerabilities/{imageId}`. */
export function ComponentLink() {
  const { projectId = '', imageId } = useParams();
  return <Navigate to={`/projects/${projectId}/images${imageId === undefined ? '' : `/${imageId}`}`} replace />;
}
