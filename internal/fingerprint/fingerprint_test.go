package fingerprint

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFingerprintsTellFilesApart(t *testing.T) {
	const limit = blockBytes * blocks
	for _, size := range []int64{0, 1, limit, limit + 1, limit + 12345, 1 << 33} {
		path := filepath.Join(t.TempDir(), "sparse")
		print := func(at int64) string {
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err = f.Truncate(size); err == nil && at >= 0 {
				_, err = f.WriteAt([]byte{1}, at)
			}
			if err != nil {
				t.Fatal(err)
			}
			sum, err := File(path)
			if err != nil {
				t.Fatal(err)
			}
			return sum
		}
		plain := print(-1)
		if print(-1) != plain || len(plain) != 64 {
			t.Errorf("%d bytes: %s is no fingerprint", size, plain)
		}
		for _, at := range []int64{0, size - 1} {
			if size > 0 && print(at) == plain {
				t.Errorf("%d bytes: a change at %d is not seen", size, at)
			}
		}
	}
	if _, err := File(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
}
