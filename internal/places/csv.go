package places

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

// delimiterOf tells what separates the columns of a header.
func delimiterOf(header []byte) rune {
	best, most := ',', bytes.Count(header, []byte(","))
	for _, d := range "\t;|" {
		if n := bytes.Count(header, []byte(string(d))); n > most {
			best, most = d, n
		}
	}
	return best
}

// csv reads a table with a header (RFC 4180, with any of the usual delimiters).
func (r *Reader) csv(in *input, delimiter rune) error {
	table := csv.NewReader(in.text)
	table.Comma, table.FieldsPerRecord, table.ReuseRecord = delimiter, -1, true
	in.guard.most = mostLine
	header, err := table.Read()
	if err != nil {
		return r.tableFault(in, err)
	}
	columns := make([]string, len(header))
	for k, name := range header {
		columns[k] = strings.ToLower(strings.TrimSpace(name))
	}
	if err := r.checkHeader(in, columns); err != nil {
		return err
	}
	a := attributes{}
	for {
		in.guard.reset()
		row, err := table.Read()
		var flaw *csv.ParseError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &flaw):
			r.refuse(in, int64(flaw.StartLine), flaw.Err.Error())
			continue
		case err != nil:
			return r.tableFault(in, err)
		}
		line, _ := table.FieldPos(0)
		if len(row) != len(columns) {
			r.refuse(in, int64(line), fmt.Sprintf("%d columns, the header has %d", len(row), len(columns)))
			continue
		}
		for k, name := range columns {
			a[name] = row[k]
		}
		if err := errors.Join(in.ctx.Err(), r.row(in, int64(line), a, delimiter)); err != nil {
			return err
		}
	}
}

// row makes a place of a row.
func (r *Reader) row(in *input, line int64, a attributes, delimiter rune) error {
	lonText, latText := a.first(lonFields), a.first(latFields)
	if delimiter != ',' { // a decimal comma
		lonText, latText = strings.Replace(lonText, ",", ".", 1), strings.Replace(latText, ",", ".", 1)
	}
	lon, lat := number(lonText), number(latText)
	if lon != lon || lat != lat {
		r.refuse(in, line, "longitude and latitude are no numbers")
		return nil
	}
	p := a.place(r.NameField)
	p.Point = orb.Point{lon, lat}
	return r.put(in, line, p)
}

// checkHeader refuses a table in which no names or no places are to be found.
func (r *Reader) checkHeader(in *input, columns []string) error {
	has := func(names []string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(columns, n) })
	}
	names := nameFields
	if r.NameField != "" {
		names = []string{strings.ToLower(r.NameField)}
	}
	shown := clean(strings.Join(columns[:min(len(columns), 12)], ", "))
	if len(shown) > 200 {
		shown = strings.ToValidUTF8(shown[:200], "") + "..."
	}
	switch {
	case !has(names) && r.NameField != "":
		return unusable(in.path, fmt.Sprintf("no column %s; there are: %s", r.NameField, shown), "--name-field, one of these")
	case !has(names):
		return unusable(in.path, "no column name in its first line; there are: "+shown, "--name-field COLUMN, if one of these holds the names")
	case !has(lonFields) || !has(latFields):
		return unusable(in.path, "no columns lon and lat in its first line; there are: "+shown, "name the columns lon and lat, degrees of WGS 84")
	}
	return nil
}

// tableFault tells a damaged table from an error of the file.
func (r *Reader) tableFault(in *input, err error) error {
	var flaw *csv.ParseError
	if errors.As(err, &flaw) {
		return unusable(in.path, flaw.Error(), "")
	}
	return packedFault(in.path, err)
}
