/** Image streams, as the API of OpenShift tells them: `image.openshift.io/v1`. */
import { z } from 'zod';

const metadata = z.object({ name: z.string(), namespace: z.string() });

/** `GET …/imagestreams`. */
export const imageStreamList = z.object({
  items: z.array(z.object({ metadata })),
  metadata: z.object({ continue: z.string().nullish() }).nullish(),
});

const item = z.object({
  created: z.string().nullish(),
  dockerImageReference: z.string().nullish(),
  image: z.string().nullish(),
});

const specTag = z.object({
  name: z.string(),
  referencePolicy: z.object({ type: z.string().nullish() }).nullish(),
});

/** `GET …/imagestreams/{name}`: the history of each tag, latest first; none where an import failed. */
export const imageStream = z.object({
  spec: z.object({ tags: z.array(specTag).nullish() }).nullish(),
  status: z
    .object({
      dockerImageRepository: z.string().nullish(),
      tags: z.array(z.object({ tag: z.string(), items: z.array(item).nullish() })).nullish(),
    })
    .nullish(),
});

export type ImageStream = z.infer<typeof imageStream>;
