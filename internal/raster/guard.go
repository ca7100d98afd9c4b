package raster

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// source is a file that may be shown to GDAL: regular, local, not empty, and not a door to other files.
type source struct {
	path   string // absolute
	member string // inside a zip
	gdal   string // the name GDAL opens
	formats
	bytes   int64 // that GDAL sees
	size    int64 // on disk
	modTime time.Time
}

// formats say what may be opened.
type formats struct {
	drivers    []string // of GDAL
	extensions []string // by which a raster in a zip is known
	heads      []string // how a source of a VRT begins
	members    []string // drivers of a VRT's sources
	elements   []string // of a VRT, beyond those of a plain mosaic
	advice     string
}

func demFormats() formats {
	return formats{
		drivers:    []string{"GTiff", "SRTMHGT", "DTED", "AAIGrid", "USGSDEM", "HFA", "ENVI", "EHdr"},
		extensions: []string{".tif", ".tiff", ".hgt", ".dt0", ".dt1", ".dt2", ".asc", ".dem", ".img", ".bil", ".flt"},
		heads:      tiffHeads(),
		members:    []string{"GTiff"},
		advice: "supported: GeoTIFF and COG, SRTM .hgt (also zipped), DTED, ASCII grid, USGS DEM, Erdas .img, " +
			"ENVI, EHdr .bil/.flt, VRT over GeoTIFFs beside it; others: gdal_translate FILE out.tif",
	}
}

func pictureFormats() formats {
	return formats{
		drivers:    []string{"GTiff", "JPEG", "PNG", "JP2OpenJPEG", "WEBP", "MBTiles", "GPKG", "HFA", "ENVI", "EHdr"},
		extensions: []string{".tif", ".tiff", ".jpg", ".jpeg", ".png", ".jp2", ".webp", ".img", ".bil"},
		heads:      append(tiffHeads(), "\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "\x00\x00\x00\x0cjP  \r\n\x87\n", "RIFF"),
		members:    []string{"GTiff", "JPEG", "PNG", "JP2OpenJPEG", "WEBP"},
		elements: []string{"ColorTable", "Entry", "CategoryNames", "Category", "LUT", "ColorTableComponent", "UseMaskBand", "Exponent",
			"SrcMin", "SrcMax", "DstMin", "DstMax"},
		advice: "supported: GeoTIFF and COG, JPEG, PNG, JPEG 2000, WebP, MBTiles and GeoPackage rasters, Erdas .img, ENVI, EHdr .bil, " +
			"VRT over files beside it; others: gdal_translate FILE out.tif",
	}
}

// maxMember bounds what is read inside a zip: every step backwards inflates from the start again. An .hgt, which is read line by
// line and has a known size, is exempt.
const maxMember = 256 << 20

// admit decides whether GDAL may see a file, without GDAL.
func admit(name string, f formats) (source, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return source{}, refuse(name, ErrOpen, "", "%v", err)
	}
	info, err := regular(abs)
	if err != nil {
		return source{}, outside(name, err)
	}
	if info.Size() == 0 {
		return source{}, refuse(name, ErrOpen, "copy the file again", "the file is empty")
	}
	if strings.HasPrefix(abs, "/vsi") {
		return source{}, refuse(name, ErrUnsafe, "give a file's path", "GDAL takes names under /vsi for its own")
	}
	head, err := readHead(abs)
	if err != nil {
		return source{}, refuse(name, ErrOpen, "check the permissions", "%v", unpath(err))
	}
	s := source{path: abs, gdal: abs, formats: f, bytes: info.Size(), size: info.Size(), modTime: info.ModTime()}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return s, s.enterZip(name)
	case isVRT(head):
		s.drivers = []string{"VRT"}
		s.bytes = 0
		return s, checkVRT(name, abs, f)
	case isSQLite(head) && slices.Contains(f.drivers, "MBTiles"):
		return s, checkSQLite(name, abs)
	}
	return s, checkSidecars(name, abs)
}

var errIrregular = errors.New("not a regular file")

// regular returns an error for everything that is not a plain file, or a link to one.
func regular(name string) (os.FileInfo, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, unpath(err)
	}
	if info.IsDir() {
		return nil, errors.New("a folder")
	}
	if !info.Mode().IsRegular() {
		return nil, errIrregular
	}
	return info, nil
}

// outside turns what regular said into a refusal.
func outside(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse(name, ErrOpen, "check the path", "no such file")
	case errors.Is(err, errIrregular):
		return refuse(name, ErrOpen, "give a regular file, not a device or a pipe", "%v", err)
	}
	return refuse(name, ErrOpen, "give files, for example FOLDER/*.tif", "%v", err)
}

// unpath takes the path out of an error: it is named already.
func unpath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func readHead(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 4096))
}

// enterZip finds the one raster in a zip and lets GDAL read it in place.
func (s *source) enterZip(name string) error {
	z, err := zip.OpenReader(s.path)
	if err != nil {
		return refuse(name, ErrCorrupt, "copy the file again", "%v", err)
	}
	defer z.Close()
	if err := checkZipSidecars(name, &z.Reader); err != nil {
		return err
	}
	var found *zip.File
	for _, f := range z.File {
		if !slices.Contains(s.extensions, strings.ToLower(path.Ext(f.Name))) || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		if found != nil {
			return refuse(name, ErrOpen, "unzip it and give the files", "the zip holds several rasters")
		}
		found = f
	}
	if found == nil {
		return refuse(name, ErrOpen, s.advice, "the zip holds no supported raster")
	}
	return s.enterMember(name, found)
}

// enterMember takes a zip's member if its name cannot lead GDAL elsewhere and its content is no VRT.
func (s *source) enterMember(name string, f *zip.File) error {
	if !filepath.IsLocal(f.Name) || strings.ContainsAny(f.Name, "{}\\") || strings.ContainsAny(s.path, "{}") {
		return refuse(name, ErrUnsafe, "unzip it and give the file", "a member's name cannot be used: %q", f.Name)
	}
	if f.UncompressedSize64 > maxMember && !strings.EqualFold(path.Ext(f.Name), ".hgt") {
		return refuse(name, ErrSize, "unzip it and give the file", "%s has %d MiB, too many to be read inside a zip",
			f.Name, f.UncompressedSize64>>20)
	}
	head, err := memberHead(f)
	if err != nil {
		return refuse(name, ErrCorrupt, "copy the file again", "%s: %v", f.Name, err)
	}
	if isVRT(head) {
		return refuse(name, ErrUnsafe, "unzip it and give the files", "%s is a VRT", f.Name)
	}
	s.member, s.bytes = f.Name, int64(f.UncompressedSize64)
	s.gdal = "/vsizip/{" + s.path + "}/" + f.Name
	return nil
}
