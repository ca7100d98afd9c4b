package places

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/terrane/terrane/internal/fingerprint"
	"github.com/terrane/terrane/internal/remedy"
)

// BadRow is a row, or a feature, that holds no place that could be used.
type BadRow struct {
	File string `json:"file"`
	Line int64  `json:"line"` // from 1; of a feature the line on which it ends
	Why  string `json:"why"`
}

// Reader reads places out of files: tables of GeoNames, GeoJSON, CSV with a header, each also in a zip file or with gzip. Its fields are set
// before the first use. One goroutine uses it; memory does not grow with the files.
type Reader struct {
	NameField string              // the column or property that holds the name; "" looks for the usual ones
	Bad       func(BadRow)        // is told of every row that is left out
	Progress  func(bytes int64)   // is told how much of all files is read, if it is not nil
	Put       func(p Place) error // takes the places

	regions map[string]string // names of regions by "US.TX"
	read    int64
	places  int64
	bad     int64
}

// input is one text in a file.
type input struct {
	ctx   context.Context
	path  string // of the file, for what users read
	text  *bufio.Reader
	guard *guard
}

// Read reads all files and returns what came out of each. Files with names of regions (admin1CodesASCII.txt of GeoNames) are read first,
// wherever they stand. Errors wrap [ErrSource] where a file is not as it must be.
func (r *Reader) Read(ctx context.Context, paths []string) ([]Source, error) {
	paths = slices.Clone(paths)
	slices.SortStableFunc(paths, func(a, b string) int { return cmp.Compare(rankOf(a), rankOf(b)) })
	var all []Source
	for _, path := range paths {
		s := Source{Name: filepath.Base(path)}
		stat, err := os.Stat(path)
		if err == nil {
			s.SizeBytes = stat.Size()
			s.SHA256, err = fingerprint.File(path)
		}
		if err != nil {
			return nil, unread(path, err)
		}
		places, bad := r.places, r.bad
		if err := r.file(ctx, path); err != nil {
			return nil, err
		}
		s.Places, s.Bad = r.places-places, r.bad-bad
		all = append(all, s)
	}
	return all, nil
}

// rankOf puts files with names of regions before those that use them.
func rankOf(path string) int {
	if strings.HasPrefix(filepath.Base(path), "admin1Codes") {
		return 0
	}
	return 1
}

// file opens a file, and what is packed in it.
func (r *Reader) file(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	raw := &counted{r: f, reader: r}
	head := bufio.NewReaderSize(raw, 1<<16)
	start, _ := head.Peek(4)
	switch {
	case len(start) == 0:
		return unusable(path, "it is empty", "")
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		stat, err := f.Stat()
		if err != nil {
			return err
		}
		r.read = r.read - raw.n
		raw.n = 0
		return r.archive(ctx, path, f, stat.Size())
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		plain, err := gzip.NewReader(head)
		if err != nil {
			return unusable(path, err.Error(), "")
		}
		return r.text(ctx, path, plain)
	}
	return r.text(ctx, path, head)
}

// archive reads the tables in a zip file.
func (r *Reader) archive(ctx context.Context, file string, f io.ReaderAt, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return unusable(file, err.Error(), "unzip it by hand, or fetch it again")
	}
	before, found := r.read, false
	for _, member := range z.File {
		name := strings.ToLower(path.Base(member.Name))
		if !slices.Contains([]string{".txt", ".csv", ".tsv", ".json", ".geojson"}, path.Ext(name)) || strings.HasPrefix(name, "readme") {
			continue
		}
		found = true
		packed, err := member.Open()
		if err == nil {
			err = r.text(ctx, file, packed)
			packed.Close()
		}
		if err := packedFault(file, err); err != nil {
			return err
		}
	}
	if !found {
		return unusable(file, "a zip file without .txt, .csv or .geojson in it", "")
	}
	r.read = before + size
	r.tell()
	return nil
}

// packedFault tells a file that is packed, and damaged or cut off, from other errors; nil stays nil.
func packedFault(path string, err error) error {
	var corrupt flate.CorruptInputError
	for _, is := range []error{io.ErrUnexpectedEOF, gzip.ErrChecksum, gzip.ErrHeader, zip.ErrChecksum, zip.ErrFormat, zip.ErrAlgorithm} {
		if errors.Is(err, is) {
			return unusable(path, err.Error(), "fetch it again")
		}
	}
	if errors.As(err, &corrupt) {
		return unusable(path, err.Error(), "fetch it again")
	}
	return err
}

// text finds out what a text is, and reads it.
func (r *Reader) text(ctx context.Context, path string, plain io.Reader) error {
	in := &input{ctx: ctx, path: path, guard: &guard{r: &utf8Reader{r: plain, path: path, line: 1}, path: path}}
	in.text = bufio.NewReaderSize(in.guard, 1<<16)
	head, err := in.text.Peek(1 << 16)
	if err != nil && err != io.EOF {
		return packedFault(path, err)
	}
	if bytes.HasPrefix(head, []byte("\ufeff")) {
		_, _ = in.text.Discard(3) // they were peeked at
		head = head[3:]
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	columns := bytes.Split(line, []byte("\t"))
	switch trimmed := bytes.TrimSpace(head); {
	case len(trimmed) == 0:
		return unusable(path, "it is empty", "")
	case trimmed[0] == '{':
		return r.geoJSON(in)
	case trimmed[0] == '<', trimmed[0] == '[', bytes.HasPrefix(trimmed, []byte("SQLite")):
		return unusable(path, "no table and no GeoJSON", "ogr2ogr -f GeoJSON -t_srs EPSG:4326 places.geojson "+path)
	case len(columns) == geoNamesColumns:
		return r.geoNames(in)
	case len(columns) == 4 && bytes.ContainsRune(columns[0], '.'):
		return r.regionNames(in)
	}
	return r.csv(in, delimiterOf(line))
}

// put gives a place away, or says why it is none.
func (r *Reader) put(in *input, line int64, p Place) error {
	if why := p.flaw(); why != "" {
		r.refuse(in, line, why)
		return nil
	}
	r.places++
	return r.Put(p)
}

func (r *Reader) refuse(in *input, line int64, why string) {
	r.bad++
	r.Bad(BadRow{filepath.Base(in.path), line, why})
}

// mostName is the longest name of a place, bytes.
const mostName = 400

// flaw says why a place cannot be used; "" is none.
func (p Place) flaw() string {
	lon, lat := p.Point.Lon(), p.Point.Lat()
	switch {
	case len(words(p.Name)) == 0:
		return "no name"
	case len(p.Name) > mostName:
		return "a name of more than 400 bytes"
	case !(lat >= -90 && lat <= 90):
		return fmt.Sprintf("latitude %g is not on the globe: degrees are due", lat)
	case !(lon >= -180 && lon <= 180):
		return fmt.Sprintf("longitude %g is not on the globe: degrees are due", lon)
	}
	return ""
}

// clean takes line breaks, control characters and needless blanks out of a text.
func clean(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0xa0 || r == 0x2028 || r == 0x2029 }), " ")
}

func unusable(path, why, try string) error {
	return remedy.New(path, fmt.Errorf("%w: %s", ErrSource, why),
		cmp.Or(try, "a table of GeoNames, GeoJSON, or CSV with a header: name,lon,lat,population"))
}

// counted counts what is read of a file.
type counted struct {
	r      io.Reader
	reader *Reader
	n      int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.reader.read += int64(n)
	c.reader.tell()
	return n, err
}

func (r *Reader) tell() {
	if r.Progress != nil {
		r.Progress(r.read)
	}
}

// Work identifies what is made of files: equal files and options give equal names of work.
func Work(paths []string, options ...string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "places %d %q\n", Layout, options)
	for _, path := range paths {
		print, err := fingerprint.File(path)
		if err != nil {
			return "", unread(path, err)
		}
		fmt.Fprintln(sum, filepath.Base(path), print)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// unread is about a file that is not there, or not for us.
func unread(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return remedy.New(path, fmt.Errorf("%w: %w", ErrSource, err), "terrane ingest places FILE.., of GeoNames, GeoJSON or CSV")
}
