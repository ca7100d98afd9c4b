package raster

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

const vectorAdvice = "supported: GeoJSON, Shapefile (.shp), GeoPackage; others: ogr2ogr out.gpkg FILE"

// mostGeoJSON bounds a text that GDAL keeps in memory several times over.
const mostGeoJSON = 1 << 30

// shapeParts are the files that GDAL opens by itself beside a Shapefile.
func shapeParts() []string {
	return []string{".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".idm", ".ind", ".qpj", ".shp.xml"}
}

// admitVector decides whether GDAL may see a vector file, without GDAL, and picks the one driver for it.
func admitVector(name string) (source, error) {
	s, err := admitPlain(name)
	if err != nil {
		return source{}, err
	}
	head, err := readHead(s.path)
	if err != nil {
		return source{}, refuse(name, ErrOpen, "check the permissions", "%v", unpath(err))
	}
	s.advice = vectorAdvice
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		s.drivers = []string{"GeoJSON"}
		return s, checkGeoJSON(name, s.path, s.size)
	case bytes.HasPrefix(head, []byte{0, 0, 0x27, 0x0a}) && strings.EqualFold(filepath.Ext(s.path), ".shp"):
		s.drivers = []string{"ESRI Shapefile"}
		return s, checkShapefile(name, s.path)
	case isSQLite(head):
		s.drivers = []string{"GPKG"}
		return s, checkSQLite(name, s.path)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return source{}, refuse(name, ErrOpen, "unzip it and give the file in it", "it is a zip")
	case strings.EqualFold(filepath.Ext(s.path), ".dbf") || bytes.HasPrefix(head, []byte{0, 0, 0x27, 0x0a}):
		return source{}, refuse(name, ErrOpen, "give the .shp of that name", "it is a part of a Shapefile")
	}
	return source{}, refuse(name, ErrOpen, vectorAdvice, "it is no vector file of a supported format")
}

// admitPlain takes a regular file that is not empty.
func admitPlain(name string) (source, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return source{}, refuse(name, ErrOpen, "", "%v", err)
	}
	info, err := regular(abs)
	switch {
	case err != nil:
		return source{}, outside(name, err)
	case info.Size() == 0:
		return source{}, refuse(name, ErrOpen, "copy the file again", "the file is empty")
	case strings.HasPrefix(abs, "/vsi"):
		return source{}, refuse(name, ErrUnsafe, "give a file's path", "GDAL takes names under /vsi for its own")
	}
	return source{path: abs, gdal: abs, bytes: info.Size(), size: info.Size(), modTime: info.ModTime()}, nil
}

// checkGeoJSON holds that a text is whole, and that its reference system is no link: GDAL would follow it.
func checkGeoJSON(name, abs string, size int64) error {
	if size > mostGeoJSON {
		return refuse(name, ErrSize, "ogr2ogr out.gpkg FILE", "a text of %d MiB", size>>20)
	}
	data, err := os.ReadFile(abs)
	if err != nil {
		return refuse(name, ErrOpen, "check the permissions", "%v", unpath(err))
	}
	var top struct {
		CRS *struct {
			Type string `json:"type"`
		} `json:"crs"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &top); err != nil {
		return refuse(name, ErrCorrupt, "copy the file again", "it is no GeoJSON: %v", err)
	}
	if top.CRS != nil && !strings.EqualFold(top.CRS.Type, "name") {
		return refuse(name, ErrUnsafe, "ogr2ogr -t_srs EPSG:4326 out.gpkg FILE, if you trust it",
			"its reference system is not named but of type %q", top.CRS.Type)
	}
	return nil
}

// checkShapefile holds that what lies beside a .shp are files.
func checkShapefile(name, abs string) error {
	stem := strings.TrimSuffix(abs, filepath.Ext(abs))
	found := map[string]bool{}
	for _, ext := range shapeParts() {
		for _, part := range []string{stem + ext, stem + strings.ToUpper(ext)} {
			if _, err := os.Lstat(part); err != nil {
				continue
			}
			if _, err := regular(part); err != nil {
				return refuse(name, ErrUnsafe, "remove it", "its %s is %v", filepath.Base(part), err)
			}
			found[ext] = true
		}
	}
	if !found[".shx"] {
		return refuse(name, ErrOpen, "copy all files of that name, .shx and .prj too", "its .shx is missing")
	}
	return nil
}
