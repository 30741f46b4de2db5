/** What can be asked by GraphQL: the fields of images and repositories that are public, and filters on them. */
export const SCHEMA_TEXT = `
scalar JSON
scalar DateTime
scalar ObjectId
scalar ObjectIDFilterScalar

input StringFilter { eq: String ne: String in: [String] out: [String] lt: String le: String gt: String ge: String }
input BooleanFilter { eq: Boolean ne: Boolean }
input IntFilter { eq: Float ne: Float in: [Float] out: [Float] lt: Float le: Float gt: Float ge: Float }
input TagFilter { name: StringFilter added_date: StringFilter and: [TagFilter] or: [TagFilter] }
input RepositoryFilter {
  published: BooleanFilter registry: StringFilter repository: StringFilter manifest_list_digest: StringFilter
  push_date: StringFilter tags: TagFilter and: [RepositoryFilter] or: [RepositoryFilter] nor: [RepositoryFilter]
}
input GradeFilter { grade: StringFilter start_date: StringFilter end_date: StringFilter }
input ContainerImageFilter {
  and: [ContainerImageFilter] or: [ContainerImageFilter] nor: [ContainerImageFilter] not: ContainerImageFilter
  _id: StringFilter architecture: StringFilter certified: BooleanFilter deleted: BooleanFilter
  docker_image_digest: StringFilter docker_image_id: StringFilter image_id: StringFilter isv_pid: StringFilter
  uncompressed_top_layer_id: StringFilter creation_date: StringFilter last_update_date: StringFilter
  sum_layer_size_bytes: IntFilter repositories: RepositoryFilter freshness_grades: GradeFilter
}
input ContainerRepositoryFilter {
  and: [ContainerRepositoryFilter] or: [ContainerRepositoryFilter] nor: [ContainerRepositoryFilter]
  not: ContainerRepositoryFilter
  _id: StringFilter registry: StringFilter repository: StringFilter published: BooleanFilter vendor_label: StringFilter
  isv_pid: StringFilter creation_date: StringFilter last_update_date: StringFilter
}
input ContainerImageVulnerabilityFilter {
  and: [ContainerImageVulnerabilityFilter] or: [ContainerImageVulnerabilityFilter]
  _id: StringFilter cve_id: StringFilter severity: StringFilter advisory_id: StringFilter
}
enum SortDirection { ASC DESC }
input SortBy { field: String! order: SortDirection }

type ResponseError { status: Int detail: String }
type FreshnessGrade { grade: String creation_date: String start_date: String end_date: String }
type RepositoryTag { name: String added_date: String }
type ContainerImageRepo {
  published: Boolean published_date: String push_date: String registry: String repository: String
  manifest_list_digest: String manifest_schema2_digest: String tags: [RepositoryTag]
}
type Label { name: String value: String }
type LayerSize { layer_id: String size_bytes: Float }
type ParsedData {
  architecture: String author: String command: String comment: String container: String created: String
  docker_image_digest: String docker_image_id: String docker_version: String env_variables: [String] image_id: String
  labels: [Label] layers: [String] os: String ports: String size: Float uncompressed_layer_sizes: [LayerSize]
  uncompressed_size_bytes: Float user: String virtual_size: Float
}
type ContainerImageGrades { status: String status_message: String }
type ContainerImage {
  _id: ObjectId object_type: String architecture: String certified: Boolean deleted: Boolean docker_image_digest: String
  docker_image_id: String image_id: String isv_pid: String org_id: Int top_layer_id: String uncompressed_top_layer_id: String
  sum_layer_size_bytes: Float repositories: [ContainerImageRepo] freshness_grades: [FreshnessGrade]
  container_grades: ContainerImageGrades parsed_data: ParsedData scan_status: String creation_date: String
  rpm_manifest: RpmManifest content_sets: [String]
  last_update_date: String
}
type Rpm {
  architecture: String gpg: String name: String nvra: String release: String srpm_name: String srpm_nevra: String
  summary: String version: String
}
type RpmManifest { _id: ObjectId image_id: ObjectId rpms: [Rpm] }
type DisplayData { name: String short_description: String long_description: String }
type ContentStreamGrade { tag: String architecture: String image_id: String current_grade: String }
type ContainerRepository {
  _id: ObjectId object_type: String registry: String repository: String published: Boolean vendor_label: String isv_pid: String
  org_id: Int display_data: DisplayData application_categories: [String] release_categories: [String] architectures: [String]
  privileged_images_allowed: Boolean content_stream_grades: [ContentStreamGrade]
  freshness_grades_unknown_until_date: String creation_date: String last_update_date: String
}
type ContainerGrades {
  tag: String architecture: String image_id: String current_grade: String next_drop_date: String
  freshness_grades: [FreshnessGrade]
}
type VulnerablePackages { rpm_nvra: [String] }
type AffectedPackage { name: String version: String arch: String package_type: String }
type Vulnerability {
  _id: ObjectId creation_date: String cve_id: String severity: String advisory_id: String advisory_type: String
  public_date: String packages: [VulnerablePackages] affected_packages: [AffectedPackage]
}
type CertificationProject { _id: ObjectId name: String }
type CertProjectArtifact { _id: ObjectId filename: String }

type ImageResponse { data: ContainerImage error: ResponseError }
type ImagePage { data: [ContainerImage] error: ResponseError page: Int page_size: Int total: Int }
type RpmManifestResponse { data: RpmManifest error: ResponseError }
type RepositoryResponse { data: ContainerRepository error: ResponseError }
type RepositoryPage { data: [ContainerRepository] error: ResponseError page: Int page_size: Int total: Int }
type GradePage { data: [ContainerGrades] error: ResponseError page: Int page_size: Int total: Int }
type VulnerabilityPage { data: [Vulnerability] error: ResponseError page: Int page_size: Int total: Int }
type ProjectResponse { data: CertificationProject error: ResponseError }
type ArtifactResponse { data: CertProjectArtifact error: ResponseError }
type ArtifactPage { data: [CertProjectArtifact] error: ResponseError page: Int page_size: Int total: Int }

type Query {
  find_images(filter: ContainerImageFilter, page: Int, page_size: Int, sort_by: [SortBy]): ImagePage
  get_image(id: ObjectIDFilterScalar!): ImageResponse
  get_image_rpm_manifest(id: ObjectIDFilterScalar!): RpmManifestResponse
  get_rpm_manifest(id: ObjectIDFilterScalar!): RpmManifestResponse
  find_repositories(filter: ContainerRepositoryFilter, page: Int, page_size: Int, sort_by: [SortBy]): RepositoryPage
  get_repository_by_registry_path(registry: String!, repository: String!): RepositoryResponse
  find_repository_images_by_registry_path(
    registry: String!, repository: String!, filter: ContainerImageFilter, page: Int, page_size: Int, sort_by: [SortBy]
  ): ImagePage
  find_repository_grades_by_registry_path(registry: String!, repository: String!, page: Int, page_size: Int): GradePage
  find_image_vulnerabilities(
    id: ObjectIDFilterScalar!, filter: ContainerImageVulnerabilityFilter, page: Int, page_size: Int, sort_by: [SortBy]
  ): VulnerabilityPage
  get_certification_project(id: ObjectIDFilterScalar!): ProjectResponse
  get_cert_project_artifact(id: ObjectIDFilterScalar!): ArtifactResponse
  get_cert_project_artifacts(id: ObjectIDFilterScalar!, page: Int, page_size: Int): ArtifactPage
}
`;
