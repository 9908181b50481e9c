// Records tarballs as OpenShift's Go backup writes them: archive/tar with regular files only, compress/gzip.
package main

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func write(src, out string, level int, dirs []string) {
	f, err := os.Create(out)
	check(err)
	z, err := gzip.NewWriterLevel(f, level)
	check(err)
	t := tar.NewWriter(z)
	for _, dir := range dirs {
		check(filepath.Walk(filepath.Join(src, dir), func(path string, info os.FileInfo, err error) error {
			check(err)
			if !info.Mode().IsRegular() {
				return nil
			}
			h, err := tar.FileInfoHeader(info, info.Name())
			check(err)
			h.Name, err = filepath.Rel(src, path)
			check(err)
			h.Uid, h.Gid, h.Uname, h.Gname = 0, 0, "", ""
			check(t.WriteHeader(h))
			in, err := os.Open(path)
			check(err)
			_, err = io.Copy(t, in)
			check(err)
			return in.Close()
		}))
	}
	check(t.Close())
	check(z.Close())
	check(f.Close())
}

func main() {
	src, out, dirs := os.Args[1], os.Args[2], os.Args[3:]
	write(src, filepath.Join(out, "go-default.tar.gz"), gzip.DefaultCompression, dirs)
	write(src, filepath.Join(out, "go-fastest.tar.gz"), gzip.BestSpeed, dirs)
	write(src, filepath.Join(out, "go-stored.tar.gz"), gzip.NoCompression, dirs)
}
