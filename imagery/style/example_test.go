package style_test

import (
	"fmt"

	"github.com/terrane/terrane/imagery/style"
)

func ExampleLegend() {
	s, _ := style.Named("slope")
	key := style.Legend(s, 0, 0)
	fmt.Println(s.Title, key.Rect.Size())
	// Output: Slope (104,156)
}
