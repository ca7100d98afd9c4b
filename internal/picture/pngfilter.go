package picture

// The filters of PNG, section 9: what a byte is foretold from.
const (
	filterNone = iota
	filterSub
	filterUp
	filterAverage
	filterPaeth
	filters
)

// filterSample: a row's filter is chosen by every eighth pixel.
const filterSample = 8

// appendFiltered appends a row, filtered by the row above, with its filter before it.
func appendFiltered(dst, row, top []byte, channels int) []byte {
	filter := bestFilter(row, top, channels)
	at := len(dst) + 1
	dst = append(append(dst, byte(filter)), row...)
	out := dst[at:]
	for i := range channels { // the first pixel has nothing to its left
		switch filter {
		case filterUp, filterPaeth:
			out[i] -= top[i]
		case filterAverage:
			out[i] -= top[i] / 2
		}
	}
	applyFilter(filter, out[channels:], row, top)
	return dst
}

// applyFilter subtracts what the filter foretells from out, which holds the row from its second pixel on.
func applyFilter(filter int, out, row, top []byte) {
	n := len(out)
	channels := len(row) - n
	left, corner, up := row[:n], top[:n], top[channels:][:n]
	switch filter {
	case filterSub:
		for i := range out {
			out[i] -= left[i]
		}
	case filterUp:
		for i := range out {
			out[i] -= up[i]
		}
	case filterAverage:
		for i := range out {
			out[i] -= byte((int(left[i]) + int(up[i])) / 2)
		}
	case filterPaeth:
		for i := range out {
			out[i] -= paeth(int(left[i]), int(up[i]), int(corner[i]))
		}
	}
}

// bestFilter picks the filter that leaves the smallest numbers, bytes above 127 counting as negative: the heuristic of the
// standard, section 12.7.
func bestFilter(row, top []byte, channels int) int {
	var sums [filters]int
	for i := channels; i+channels <= len(row); i += channels * filterSample {
		for j := i; j < i+channels; j++ {
			v, left, up, corner := row[j], int(row[j-channels]), int(top[j]), int(top[j-channels])
			sums[filterNone] += magnitude(v)
			sums[filterSub] += magnitude(v - byte(left))
			sums[filterUp] += magnitude(v - byte(up))
			sums[filterAverage] += magnitude(v - byte((left+up)/2))
			sums[filterPaeth] += magnitude(v - paeth(left, up, corner))
		}
	}
	best := filterUp
	for f, sum := range sums {
		if sum < sums[best] {
			best = f
		}
	}
	return best
}

func magnitude(v byte) int {
	s := int(int8(v))
	return (s ^ s>>63) - s>>63
}

// paeth gives the neighbour that is nearest to left + up - corner, in this order where equal.
func paeth(left, up, corner int) byte {
	toLeft, toUp := up-corner, left-corner
	toCorner := abs(toLeft + toUp)
	toLeft, toUp = abs(toLeft), abs(toUp)
	if toLeft <= toUp && toLeft <= toCorner {
		return byte(left)
	}
	if toUp <= toCorner {
		return byte(up)
	}
	return byte(corner)
}

func abs(v int) int { return (v ^ v>>63) - v>>63 }
