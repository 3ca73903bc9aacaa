# A network of its own, with one way in: SSH from the addresses that var.ssh_from names. JupyterLab listens on each
# machine's own 127.0.0.1 and is reached through that SSH connection, so its port is opened nowhere.

resource "oci_core_vcn" "workshop" {
  compartment_id = var.compartment_ocid
  display_name   = var.workshop
  cidr_blocks    = ["10.42.0.0/16"]
  dns_label      = local.dns_label
  freeform_tags  = local.tags
}

resource "oci_core_internet_gateway" "workshop" {
  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.workshop.id
  display_name   = var.workshop
  enabled        = true
  freeform_tags  = local.tags
}

resource "oci_core_route_table" "workshop" {
  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.workshop.id
  display_name   = var.workshop
  freeform_tags  = local.tags

  route_rules {
    description       = "Everything else is on the internet"
    destination       = "0.0.0.0/0"
    destination_type  = "CIDR_BLOCK"
    network_entity_id = oci_core_internet_gateway.workshop.id
  }
}

# A new network's default list lets SSH in from everywhere, and its rules add to those of the group below. Managing
# the list with no rule in it takes them away.
resource "oci_core_default_security_list" "empty" {
  compartment_id             = var.compartment_ocid
  manage_default_resource_id = oci_core_vcn.workshop.default_security_list_id
  display_name               = "${var.workshop}-empty"
  freeform_tags              = local.tags
}

# No availability_domain: the subnet spans the region, wherever the machines find room.
resource "oci_core_subnet" "workshop" {
  compartment_id    = var.compartment_ocid
  vcn_id            = oci_core_vcn.workshop.id
  display_name      = var.workshop
  cidr_block        = "10.42.1.0/24"
  dns_label         = "learners"
  route_table_id    = oci_core_route_table.workshop.id
  security_list_ids = [oci_core_default_security_list.empty.id]
  freeform_tags     = local.tags
}

resource "oci_core_network_security_group" "workshop" {
  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.workshop.id
  display_name   = var.workshop
  freeform_tags  = local.tags
}

resource "oci_core_network_security_group_security_rule" "ssh_in" {
  #checkov:skip=CKV_OCI_21:A stateless rule needs partners that let answers in from anywhere to every high port; a stateful one lets in only answers to what went out, and the ICMP messages that path MTU discovery needs
  network_security_group_id = oci_core_network_security_group.workshop.id
  description               = "SSH from the class"
  direction                 = "INGRESS"
  protocol                  = "6" # TCP
  source_type               = "CIDR_BLOCK"
  source                    = var.ssh_from

  tcp_options {
    destination_port_range {
      min = 22
      max = 22
    }
  }
}

resource "oci_core_network_security_group_security_rule" "out" {
  #checkov:skip=CKV2_OCI_2:The check is about rules that let traffic in; this one lets it out
  network_security_group_id = oci_core_network_security_group.workshop.id
  description               = "Packages, drivers and the kit itself"
  direction                 = "EGRESS"
  protocol                  = "all"
  destination_type          = "CIDR_BLOCK"
  destination               = "0.0.0.0/0"
}
