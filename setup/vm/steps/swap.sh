#!/usr/bin/env bash
# 2 GB of swap where memory is short: the micro VM has 1 GB, and loading TensorFlow alone takes half of it.
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

file=$FACESWAP_ROOT/faceswap.swap
size_mb=2048

# dd, not fallocate: on XFS (Oracle Linux) and Btrfs the kernel refuses a swap file with unwritten blocks.
make_file() {
    rm -f "$file" "$file.new"
    (umask 077 && touch "$file.new")
    # No copy-on-write, which only Btrfs has and swap does not bear.
    chattr +C "$file.new" 2>/dev/null || true
    dd if=/dev/zero of="$file.new" bs=1M count="$size_mb" status=none ||
        fail "The swap file of $size_mb MB could not be written to $file: free some space and run this again."
    mkswap "$file.new" >/dev/null
    mv "$file.new" "$file"
}

in_use() { grep -q "^$file " "$FACESWAP_ROOT/proc/swaps"; }
use_file() {
    [[ -f $file ]] || make_file
    swapon "$file" || fail "The swap file $file could not be put into use: delete it and run this again."
}

in_fstab() { grep -qs "^$file " "$FACESWAP_ROOT/etc/fstab"; }
add_to_fstab() { printf '%s none swap sw 0 0\n' "$file" >>"$FACESWAP_ROOT/etc/fstab"; }

other_swap() { awk -v file="$file" 'NR > 1 && $1 != file {found = 1} END {exit !found}' "$FACESWAP_ROOT/proc/swaps"; }

# dnf's timer reads all repositories' lists each hour, which takes several hundred MB: not beside a lesson.
makecache_off() { [[ $(systemctl is-enabled dnf-makecache.timer 2>/dev/null) != enabled ]]; }
stop_makecache() { systemctl disable --now dnf-makecache.timer; }

memory=$(memory_mb)
if ((memory >= 3900)); then
    already "enough memory, $memory MB"
    exit 0
fi
if other_swap; then
    already "swap of this machine's own beside $memory MB of memory"
elif ! booted; then
    skipped "no swap file in a container or chroot, whose memory is its host's"
else
    ensure "a swap file of $size_mb MB beside $memory MB of memory" in_use use_file
    ensure "the swap file in /etc/fstab" in_fstab add_to_fstab
fi
if booted && ((memory < 1900)); then
    ensure "dnf's hourly timer off, if there is one" makecache_off stop_makecache
fi
