package wms

import (
	"errors"
	"math"
	"testing"
)

// FuzzParse: every query is a request whose numbers are sound, or an exception that can be written.
func FuzzParse(f *testing.F) {
	for _, q := range []string{change(base), change(info), change(base, "VERSION", "1.1.1", "SRS", "EPSG:3857", "EXCEPTIONS", "INIMAGE"), "service=WMS&request=GetCapabilities&updatesequence=7",
		"request=GetLegendGraphic&layer=island&style=relief", change(base, "LAYERS", "coast", "TIME", "2021-06"), "request=GetMap&%zz", "a=1;b=2&+=%00"} {
		f.Add(q)
	}
	s := service()
	f.Fuzz(func(t *testing.T, query string) {
		request, err := Parse(query, s, systems{})
		if err != nil {
			written(t, err)
			return
		}
		switch r := request.(type) {
		case *GetMap:
			sound(t, r)
		case *GetFeatureInfo:
			sound(t, &r.Map)
			if r.I < 0 || r.I >= r.Map.View.Width || r.J < 0 || r.J >= r.Map.View.Height || r.Count < 1 || len(r.Query) > 4 {
				t.Errorf("unsound %+v", r)
			}
		}
	})
}

func written(t *testing.T, err error) {
	var e *Exception
	if !errors.As(err, &e) || e.Text == "" || e.Status() != 200 && e.Status() != 400 {
		t.Fatalf("%#v", err)
	}
	out, err := e.XML()
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, out)
	if e.Pictured() && (e.Report.Width > 4096 || e.Report.Width*e.Report.Height > 8<<20) {
		t.Errorf("a picture of %d x %d", e.Report.Width, e.Report.Height)
	} else if e.Pictured() && e.Report.Width < 300 && e.Report.Height < 300 {
		e.Picture()
	}
}

func sound(t *testing.T, m *GetMap) {
	b, v := m.View.Bound, m.View
	if !(b.Min[0] < b.Max[0] && b.Min[1] < b.Max[1]) || math.Abs(b.Max[0]) > mostNumber || v.Width < 1 || v.Height < 1 || v.Width*v.Height > 8<<20 || v.Projection == nil || !(m.Scale > 0) {
		t.Errorf("unsound %+v", m)
	}
	for _, d := range m.Layers {
		if d.Layer == nil || d.Style.Name == "" || len(d.Times) > 0 && d.Time.IsZero() {
			t.Errorf("unsound %+v", d)
		}
	}
}
