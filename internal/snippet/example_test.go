package snippet_test

import (
	"fmt"

	"github.com/terrane/terrane/internal/snippet"
)

func ExampleFor() {
	for _, s := range snippet.For(snippet.Dataset{Name: "earth", Kind: snippet.Imagery, BaseURL: "http://127.0.0.1:8080", Grid: "mercator",
		Levels: [2]uint8{0, 5}, Bounds: [4]float64{-180, -85, 180, 85}}) {
		if s.Client == "leaflet" {
			fmt.Println(s.Code)
		}
	}
	// Output:
	// const map = L.map("map").fitBounds([[-85, -180], [85, 180]]);
	// L.tileLayer("http://127.0.0.1:8080/imagery/earth/{z}/{x}/{y}.png", {
	//   maxNativeZoom: 5,
	//   maxZoom: 24,
	//   bounds: [[-85, -180], [85, 180]],
	// }).addTo(map);
}
