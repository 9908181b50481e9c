#!/bin/sh
# Records one small tarball per producer. Needs GNU tar, gzip, pigz, busybox, zopfli, python3 and Go; run once, the
# results are committed so that tests need none of them. SOURCE is an unpacked tarball from fixtures/aescbc-rotated.
#     tests/data/make.sh SOURCE OUT
set -eu
src=$1; out=$2; here=$(cd "$(dirname "$0")" && pwd)
pod=static-pod-resources/kube-apiserver-pod-9
set -- $pod/secrets/encryption-config $pod/secrets/etcd-client $pod/configmaps/config $pod/configmaps/kube-apiserver-pod
cd "$src"
for format in gnu ustar pax; do tar --format=$format -cpf "$out/$format.tar" "$@"; done
for level in 1 6 9; do gzip -$level -c "$out/gnu.tar" > "$out/gnutar-gzip-$level.tar.gz"; done
tar -cpzf "$out/gnutar-z.tar.gz" "$@"
gzip -6 -c "$out/ustar.tar" > "$out/ustar-gzip-6.tar.gz"
gzip -6 -c "$out/pax.tar" > "$out/pax-gzip-6.tar.gz"
pigz -6 -c "$out/gnu.tar" > "$out/pigz-6.tar.gz"
pigz -9 -b 32 -c "$out/gnu.tar" > "$out/pigz-9-blocks.tar.gz"
pigz -i -b 32 -c "$out/gnu.tar" > "$out/pigz-independent.tar.gz"
busybox tar -czf "$out/busybox.tar.gz" "$@"
zopfli -c "$out/gnu.tar" > "$out/zopfli.tar.gz"
python3 - "$out" <<'P'
import gzip, sys, zlib
d = sys.argv[1]; data = open(d + "/gnu.tar", "rb").read()
open(d + "/python-zlib-9.tar.gz", "wb").write(gzip.compress(data, 9, mtime=0))
open(d + "/python-stored.tar.gz", "wb").write(gzip.compress(data, 0, mtime=0))
half = len(data) // 2 + 100
open(d + "/concatenated.tar.gz", "wb").write(gzip.compress(data[:half], 6) + gzip.compress(data[half:], 1))
open(d + "/trailing-zeros.tar.gz", "wb").write(gzip.compress(data, 6) + bytes(512))
open(d + "/trailing-garbage.tar.gz", "wb").write(gzip.compress(data, 6) + b"garbage after the end")
P
long=static-pod-resources/$(printf 'a%.0s' $(seq 90))/$(printf 'b%.0s' $(seq 90))
mkdir -p "$long"; echo long > "$long/file"
tar --format=gnu -czpf "$out/gnu-long-names.tar.gz" "$@" "$long"
tar --format=pax -czpf "$out/pax-long-names.tar.gz" "$@" "$long"
go run "$here/make.go" "$src" "$out" "$@"
rm "$out"/*.tar
