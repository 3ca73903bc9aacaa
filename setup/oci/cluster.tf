# Workers of a Dask cluster, for many videos; nothing of it without workers. They have private addresses alone, in a
# subnet from which one only gets out, and let in the workshop's machine alone, which lets in them: rules name groups.

resource "oci_core_nat_gateway" "workers" {
  count = local.cluster

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.workshop.id
  display_name   = "${var.workshop}-workers"
  freeform_tags  = local.tags
}

resource "oci_core_route_table" "workers" {
  count = local.cluster

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.workshop.id
  display_name   = "${var.workshop}-workers"
  freeform_tags  = local.tags

  route_rules {
    description       = "Packages and the kit; nobody comes in this way"
    destination       = "0.0.0.0/0"
    destination_type  = "CIDR_BLOCK"
    network_entity_id = oci_core_nat_gateway.workers[0].id
  }
}

resource "oci_core_subnet" "workers" {
  count = local.cluster

  compartment_id             = var.compartment_ocid
  vcn_id                     = oci_core_vcn.workshop.id
  display_name               = "${var.workshop}-workers"
  cidr_block                 = local.worker_range
  dns_label                  = "workers"
  prohibit_public_ip_on_vnic = true
  route_table_id             = oci_core_route_table.workers[0].id
  security_list_ids          = [oci_core_default_security_list.empty.id]
  freeform_tags              = local.tags
}

resource "oci_core_network_security_group" "workers" {
  count = local.cluster

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.workshop.id
  display_name   = "${var.workshop}-workers"
  freeform_tags  = local.tags
}

resource "oci_core_network_security_group_security_rule" "cluster" {
  #checkov:skip=CKV_OCI_21:As ssh_in: a stateful rule lets in only answers to what went out
  for_each = local.openings

  network_security_group_id = each.value.to == "workers" ? oci_core_network_security_group.workers[0].id : oci_core_network_security_group.workshop.id
  description               = "Cluster: ${each.key}"
  direction                 = "INGRESS"
  protocol                  = "6" # TCP
  source_type               = "NETWORK_SECURITY_GROUP"
  source                    = each.value.to == "workers" ? oci_core_network_security_group.workshop.id : oci_core_network_security_group.workers[0].id

  tcp_options {
    destination_port_range {
      min = tonumber(split("-", each.value.ports)[0])
      max = tonumber(reverse(split("-", each.value.ports))[0])
    }
  }
}

resource "oci_core_network_security_group_security_rule" "workers_out" {
  #checkov:skip=CKV2_OCI_2:The check is about rules that let traffic in; this one lets it out
  count = local.cluster

  network_security_group_id = oci_core_network_security_group.workers[0].id
  description               = "Packages, the kit itself, the scheduler and its folders"
  direction                 = "EGRESS"
  protocol                  = "all"
  destination_type          = "CIDR_BLOCK"
  destination               = "0.0.0.0/0"
}

# compute.tf says why each of these settings is there.
resource "oci_core_instance" "worker" {
  count      = var.workers
  depends_on = [terraform_data.checks]

  compartment_id      = var.compartment_ocid
  availability_domain = local.worker_placement[count.index]
  display_name        = local.worker_names[count.index]
  shape               = var.worker_shape
  freeform_tags       = merge(local.tags, { machine = local.worker_names[count.index] })

  is_pv_encryption_in_transit_enabled = true

  launch_options {
    is_pv_encryption_in_transit_enabled = true
  }

  shape_config {
    ocpus         = var.worker_ocpus
    memory_in_gbs = var.worker_memory_gb
  }

  source_details {
    source_type             = "image"
    source_id               = try(local.worker_image.id, null)
    boot_volume_size_in_gbs = 50
  }

  create_vnic_details {
    subnet_id        = oci_core_subnet.workers[0].id
    nsg_ids          = [oci_core_network_security_group.workers[0].id]
    assign_public_ip = false
    hostname_label   = local.worker_names[count.index]
  }

  instance_options {
    are_legacy_imds_endpoints_disabled = true
  }

  agent_config {
    is_monitoring_disabled = false
    is_management_disabled = true
  }

  metadata = {
    ssh_authorized_keys = trimspace(var.ssh_public_key)
    user_data           = base64encode(local.worker_user_data)
  }

  lifecycle {
    ignore_changes = [source_details[0].source_id]
  }
}

locals {
  worker_addresses = oci_core_instance.worker[*].private_ip
}
