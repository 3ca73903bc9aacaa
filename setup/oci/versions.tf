# Resource Manager's newest Terraform is 1.5.x: nothing here may need a later one (no validation that looks at a
# second variable, for example; such rules are in checks.tf).
terraform {
  required_version = ">= 1.5"

  required_providers {
    oci = {
      source  = "oracle/oci"
      version = ">= 5.0"
    }
  }
}

# On a laptop the provider reads ~/.oci/config (`oci setup config` writes it); Resource Manager signs in by itself.
provider "oci" {
  region = var.region
}
