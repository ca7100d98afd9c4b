package gzrun

import (
	"bytes"
	"compress/gzip"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"
)

func sample() []Run {
	return []Run{
		{ID: 0, Data: bytes.Repeat([]byte("mesh of a mountain "), 200), Noise: [2]int{300, 900}},
		{ID: 1, Data: bytes.Repeat([]byte{127, 3, 9}, 400), Noise: [2]int{0, 1200}},
		{ID: 2},
		{ID: 4, Data: []byte(`{"available":[]}`), Noise: [2]int{3, 9}},
	}
}

func plainOf(runs []Run, ids ...uint8) []byte {
	var out []byte
	for _, r := range runs {
		if len(ids) == 0 || bytes.IndexByte(ids, r.ID) >= 0 {
			out = append(out, r.Data...)
		}
	}
	return out
}

// gunzip is the standard library's reader: any other program's view of a member.
func gunzip(t *testing.T, member []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(member))
	if err != nil {
		t.Fatalf("gzip header: %v", err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("gzip body: %v", err)
	}
	return plain
}

func TestEveryReaderSeesAnOrdinaryGzipMember(t *testing.T) {
	member := Pack(sample())
	if got, want := gunzip(t, member), plainOf(sample()); !bytes.Equal(got, want) {
		t.Fatalf("got %d bytes, want %d", len(got), len(want))
	}
	if got, err := Inflate(member); err != nil || !bytes.Equal(got, plainOf(sample())) {
		t.Fatalf("Inflate: %d bytes, %v", len(got), err)
	}
}

func TestJoinGivesEveryChoiceOfRunsAsAValidMember(t *testing.T) {
	member := Pack(sample())
	for _, ids := range [][]uint8{{0}, {0, 1}, {1}, {0, 4}, {4, 0}, {0, 1, 4}, {0, 2}, {9}, {}} {
		joined, err := Join(member, ids...)
		if err != nil {
			t.Fatalf("Join %v: %v", ids, err)
		}
		want := plainOf(sample(), append(ids, 255)...)
		if got := gunzip(t, joined); !bytes.Equal(got, want) {
			t.Errorf("Join %v: got %d bytes, want %d", ids, len(got), len(want))
		}
	}
}

func TestJoinOfAllRunsCopiesNothing(t *testing.T) {
	member := Pack(sample())
	joined, err := Join(member, 0, 1, 4)
	if err != nil || &joined[0] != &member[0] {
		t.Fatalf("want the member itself, got another one (%v)", err)
	}
}

func TestEqualRunsGiveEqualBytes(t *testing.T) {
	if !bytes.Equal(Pack(sample()), Pack(sample())) {
		t.Fatal("two packs of the same runs differ")
	}
}

func TestMembersOfOthersAreToldApart(t *testing.T) {
	var other bytes.Buffer
	z := gzip.NewWriter(&other)
	_, _ = z.Write([]byte("a tile made by someone else"))
	_ = z.Close()
	if _, err := Join(other.Bytes(), 0); !errors.Is(err, ErrPlain) {
		t.Errorf("plain gzip: got %v, want ErrPlain", err)
	}
	if got, err := Inflate(other.Bytes()); err != nil || string(got) != "a tile made by someone else" {
		t.Errorf("plain gzip: got %q, %v", got, err)
	}
	member := Pack(sample())
	for n := range len(member) {
		if _, err := Inflate(member[:n]); err == nil {
			t.Fatalf("cut at %d of %d: no error", n, len(member))
		}
		if _, err := Join(member[:n], 0); err == nil {
			t.Fatalf("cut at %d of %d: Join gave no error", n, len(member))
		}
	}
}

func TestCombineEqualsTheChecksumOfTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		data := make([]byte, r.IntN(9000))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		cut := r.IntN(len(data) + 1)
		got := combine(crc32.ChecksumIEEE(data[:cut]), crc32.ChecksumIEEE(data[cut:]), uint32(len(data)-cut))
		if want := crc32.ChecksumIEEE(data); got != want {
			t.Fatalf("%d + %d bytes: got %08x, want %08x", cut, len(data)-cut, got, want)
		}
	}
}

func FuzzJoin(f *testing.F) {
	f.Add(Pack(sample()), uint8(0))
	f.Add([]byte{0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 4, 0, 'T', 'R', 0, 0}, uint8(1))
	f.Fuzz(func(t *testing.T, member []byte, id uint8) {
		if joined, err := Join(member, id); err == nil && len(joined) > len(member)+tailSize {
			t.Fatalf("joined %d bytes out of %d", len(joined), len(member))
		}
		_, _ = Inflate(member)
	})
}

func BenchmarkPack(b *testing.B) {
	runs := sample()
	b.ReportAllocs()
	for b.Loop() {
		Pack(runs)
	}
}

func BenchmarkJoin(b *testing.B) {
	member := Pack(sample())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Join(member, 0); err != nil {
			b.Fatal(err)
		}
	}
}
