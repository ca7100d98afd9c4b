package places

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// syllables are what made-up names are put together of.
var syllables = strings.Fields("ba bel bor bu ca ca cha da den dor el en er fa fel ga gor ha hal il is ja ka kar kel ku " +
	"la lan le lo lu ma mar mi mo na nar ne " +
	"ni no ol or pa par pe po ra ran re ri ro sa sal se shi so sta su ta tan te ti to tor tu u va vel vi vo wa wel ya yor za zu å ö ü é")

// firsts begin every second name, as they do on the map: their doclists are the long ones.
var firsts = strings.Fields("San Santa Saint New Al Ban La El Los Villa North South Upper Lower Nova Stara Kota Ciudad Port Fort")

// madeUp returns so many places with deterministic names of one to three words, populations by Zipf's law, a fifth with another name.
func madeUp(n int) func(yield func(Place) bool) {
	return func(yield func(Place) bool) {
		random := rand.New(rand.NewPCG(1, 2))
		word := func() string {
			var b strings.Builder
			for range 2 + random.IntN(3) {
				b.WriteString(syllables[int(float64(len(syllables))*math.Pow(random.Float64(), 1.5))])
			}
			s := []rune(b.String())
			return strings.ToUpper(string(s[:1])) + string(s[1:])
		}
		countries := make([]string, 200)
		for k := range countries {
			countries[k] = word()
		}
		regions := make([]string, 4000)
		for k := range regions {
			regions[k] = word() + " " + word()
		}
		for k := range n {
			name := word()
			if random.IntN(2) == 0 {
				name = firsts[random.IntN(len(firsts))] + " " + name
			}
			if random.IntN(3) == 0 {
				name += " " + word()
			}
			region := int(float64(len(regions)) * math.Pow(random.Float64(), 2))
			p := Place{
				Name: name, Region: regions[region], Country: countries[region%len(countries)], CountryCode: "XX",
				Population: int64(2e7 / float64(1+random.IntN(n))), Point: orb.Point{random.Float64()*360 - 180, random.Float64()*140 - 60},
			}
			if k%5 == 0 {
				p.Names = []string{word(), word() + " " + word()}
			}
			if !yield(p) {
				return
			}
		}
	}
}

// typed are what people type on their way to a name: each beginning of names from all over the gazetteer, with names of regions behind some.
func typed() []string {
	var all []string
	k := 0
	for p := range madeUp(150_000) {
		k++
		if k%1500 != 0 {
			continue
		}
		letters := []rune(p.Name)
		for n := range letters {
			all = append(all, string(letters[:n+1]))
		}
		all = append(all, p.Name+" "+p.Region, p.Name+", "+p.Country, p.Country)
	}
	for letter := 'a'; letter <= 'z'; letter++ {
		all = append(all, string(letter), string(letter)+" a", "s "+string(letter), string(letter)+" b c d e f g h")
	}
	return all
}

func benchGazetteer(b *testing.B, n int) *Gazetteer {
	b.Helper()
	if err := Supported(); err != nil {
		b.Skip(err)
	}
	dir := b.TempDir()
	w, err := Create(b.Context(), dir, "bench")
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	for p := range madeUp(n) {
		if err := w.Put(p); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Commit(b.Context(), Info{}, nil); err != nil {
		b.Fatal(err)
	}
	g, err := Open(b.Context(), filepath.Join(dir, "bench"+Extension))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { g.Close() })
	return g
}

// residentMB is what the process has in memory, in megabytes, or 0 where /proc does not tell.
func residentMB() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	var kb float64
	for line := range strings.Lines(string(status)) {
		if n, _ := fmt.Sscanf(line, "VmRSS: %f", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}

// BenchmarkSearch searches a gazetteer of 150,000 places for what people type, one after another. Wanted: p99 2 ms, under 100 MB.
func BenchmarkSearch(b *testing.B) {
	g, texts := benchGazetteer(b, 150_000), typed()
	b.Run("typed", func(b *testing.B) {
		var times []time.Duration
		slowest, what := time.Duration(0), ""
		b.ReportAllocs()
		for k := 0; b.Loop(); k++ {
			text := texts[k*7919%len(texts)]
			begun := time.Now()
			if _, err := g.Search(b.Context(), Query{Text: text}); err != nil {
				b.Fatal(err)
			}
			took := time.Since(begun)
			if times = append(times, took); took > slowest {
				slowest, what = took, text
			}
		}
		slices.Sort(times)
		b.ReportMetric(times[len(times)/2].Seconds()*1000, "p50-ms")
		b.ReportMetric(times[len(times)*99/100].Seconds()*1000, "p99-ms")
		b.ReportMetric(residentMB(), "rss-MB")
		b.ReportMetric(float64(g.Info().SizeBytes)/1e6, "file-MB")
		b.Logf("%d texts, the slowest %q in %s", len(texts), what, slowest)
	})
}
