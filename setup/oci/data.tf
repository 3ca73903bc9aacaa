# What the region has at this moment: availability domains, the shapes in each, and images for the shape.

data "oci_identity_availability_domains" "region" {
  compartment_id = var.tenancy_ocid
}

data "oci_core_shapes" "offered" {
  for_each = toset(data.oci_identity_availability_domains.region.availability_domains[*].name)

  compartment_id      = var.compartment_ocid
  availability_domain = each.value
}

data "oci_core_images" "fitting" {
  compartment_id   = var.compartment_ocid
  operating_system = local.image_system
  shape            = var.shape
  state            = "AVAILABLE"
  sort_by          = "TIMECREATED"
  sort_order       = "DESC"
}

data "oci_core_images" "worker" {
  count = local.cluster

  compartment_id   = var.compartment_ocid
  operating_system = local.image_system
  shape            = var.worker_shape
  state            = "AVAILABLE"
  sort_by          = "TIMECREATED"
  sort_order       = "DESC"
}

locals {
  offered = { for name, found in data.oci_core_shapes.offered : name => found.shapes[*].name }
  images  = [for image in data.oci_core_images.fitting.images : { id = image.id, display_name = image.display_name }]
  worker_images = [for image in flatten(data.oci_core_images.worker[*].images) :
    { id = image.id, display_name = image.display_name }
  ]
}
