package tiler

// What SQLite makes of rows, with the pages of tilestore/mbtiles.
const (
	page    = 16384
	keys    = 80  // of a row: in the index, and in the table of places
	row     = 50  // of a row: what stands before its data
	uneven  = 0.6 // the share of a mean row that a page leaves empty at its end, as rows are of different sizes
	partial = 4096
)

// rowSize returns the bytes that a row takes in the file, given the mean of its data: rows share pages, and the next one begins another
// where it does not fit. A row that is larger than a page has pages of its own, and one in which it takes a part.
func rowSize(data float64) float64 {
	size := data + row
	if size > page {
		return size + partial + keys
	}
	return min(page, size*page/(page-uneven*size)) + keys
}

// above is what a level's tiles weigh together, as a share of those of the level below: a quarter of the pixels, with more to see in each.
// Measured from 0.28 to 0.55 on photographs, scans of satellites and land cover.
const above = 0.36
