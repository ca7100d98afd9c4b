package wms_test

import (
	"errors"
	"fmt"

	"github.com/paulmach/orb"

	"github.com/terrane/terrane/imagery"
	"github.com/terrane/terrane/imagery/wms"
	"github.com/terrane/terrane/internal/picture"
)

// degrees is a registry of one system, latitude first.
type degrees struct{}

func (degrees) Inverse(x, y []float64) {}
func (degrees) Forward(x, y []float64) {}

func (d degrees) CRS(code string) (imagery.CRS, error) {
	if code != "EPSG:4326" {
		return imagery.CRS{}, imagery.ErrCRS
	}
	return imagery.CRS{Code: code, NorthFirst: true, MetresPerUnit: 111319.49079327358, Projection: d}, nil
}

func Example() {
	s := &wms.Service{
		Formats: picture.Formats(),
		Layers:  []wms.Layer{{Name: "alps", Bound: orb.Bound{Min: orb.Point{5, 43}, Max: orb.Point{16, 48}}}},
	}
	query := "service=WMS&version=1.3.0&request=GetMap&layers=alps&styles=&crs=EPSG:4326&bbox=45,6,47,10&width=400&height=200&format=image/png"
	request, err := wms.Parse(query, s, degrees{})
	if m, ok := request.(*wms.GetMap); ok {
		fmt.Println(m.Layers[0].Name, m.View.Bound.Min, m.Format.Name, err)
	}
	_, err = wms.Parse(query+"&LAYERS=dolomites", s, degrees{})
	var e *wms.Exception
	if errors.As(err, &e) {
		fmt.Println(e.Status(), e.ContentType(), e)
	}
	// Output:
	// alps [6 45] png <nil>
	// 400 text/xml wms: InvalidParameterValue: a parameter comes twice with different values
}
