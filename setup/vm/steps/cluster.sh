#!/usr/bin/env bash
# A Dask cluster. On the scheduler's machine: its key, what workers mount, its service. On a worker's: the worker's service.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

keys=$settings/cluster
role=scheduler
if is_worker; then role=worker; fi
name=faceswap-$role.service what="Dask's $role"

# One certificate for all: Dask knows no ranks, who has any certificate of the authority may run anything. Whoever has
# the authority's key could make more of them, so it is deleted when it has signed this one. The files change, the
# folder stays: workers have it mounted.
make_certificate() (
    mkdir -p "$settings"
    umask 077
    new=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    rm -rf "$keys.new" && mkdir -p "$keys" "$keys.new" && cd "$keys.new" &&
        quietly openssl req -x509 "${new[@]}" -days 90 -subj "/CN=Face-swap cluster's authority" -keyout ca.key -out ca.pem &&
        quietly openssl req "${new[@]}" -subj "/CN=Face-swap cluster" -keyout cluster.key -out cluster.csr &&
        quietly openssl x509 -req -in cluster.csr -CA ca.pem -CAkey ca.key -set_serial 1 -days 90 -out cluster.pem &&
        rm ca.key cluster.csr && chmod 640 ca.pem cluster.pem cluster.key && mv ca.pem cluster.pem cluster.key "$keys" &&
        rm -r "$keys.new" && chown -R "root:$FACESWAP_USER" "$keys" && chmod 750 "$keys"
)
valid() {
    [[ $(stat -c %a "$keys" "$keys/cluster.key" 2>/dev/null) == $'750\n640' ]] &&
        quietly openssl verify -CAfile "$keys/ca.pem" "$keys/cluster.pem" &&
        quietly openssl x509 -checkend 86400 -in "$keys/cluster.pem"
}
certify() {
    make_certificate || fail "The cluster's certificate could not be made: the lines above in the log say why."
    if booted && enabled; then systemctl try-restart "$name"; fi
}

# Everybody is the service user here: workers need no common numbers of users, and their root is not root.
exports=$FACESWAP_ROOT/etc/exports.d/faceswap.exports
exports_text() {
    local squash
    squash="sync,no_subtree_check,all_squash,anonuid=$(id -u "$FACESWAP_USER"),anongid=$(id -g "$FACESWAP_USER")"
    printf '%s %s(rw,%s)\n' "$FACESWAP_HOME/workdir" "$FACESWAP_WORKERS" "$squash"
    printf '%s %s(ro,%s)\n' "$keys" "$FACESWAP_WORKERS" "$squash"
}
exported() { cmp -s <(exports_text 2>/dev/null) "$exports"; }
export_folders() {
    mkdir -p "$(dirname "$exports")"
    exports_text >"$exports"
    if booted; then
        systemctl enable --quiet --now nfs-server.service
        quietly exportfs -ra || fail "NFS does not export what $exports says: the lines above in the log say why."
    fi
}

mountable() { [[ -d $FACESWAP_HOME/workdir && -d $keys ]]; }
make_mountable() { mkdir -p "$FACESWAP_HOME/workdir" "$keys"; }

# Where Dask looks by itself, so that --dask needs the address alone.
config=$FACESWAP_ROOT/etc/dask/faceswap.yaml
config_there() { same_file dask.yaml "$config" 644; }
put_config() { put_file dask.yaml "$config" 644; }

if is_worker; then
    ensure "the folders that it mounts" mountable make_mountable
else
    ensure "a certificate in $keys, for root and $FACESWAP_USER" valid certify
    ensure "workdir/ and the certificate for workers in $FACESWAP_WORKERS" exported export_folders
fi
ensure "Dask's settings in $config" config_there put_config
ensure "the unit $units/$name" unit_there put_unit
ensure "Dask's $role started at boot" enabled enable
if ! booted; then
    skipped "starting it: systemd does not run this machine (container or chroot)"
elif is_worker; then
    # It waits for the scheduler's machine, which may take longer to prepare itself than this one.
    systemctl start --no-block "$name"
else
    ensure "Dask's $role running" active start
fi
