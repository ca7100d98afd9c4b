package gzrun

import "hash/crc32"

// combine returns the CRC-32 of two byte strings laid end to end from their CRCs and the length of the second: it moves the first CRC over as
// many zero bytes as the second is long, by squaring the "one zero bit" matrix over GF(2), as zlib's crc32_combine does.
func combine(first, second, length uint32) uint32 {
	if length == 0 {
		return first
	}
	if first == 0 {
		return second
	}
	even, odd := new(matrix), new(matrix)
	odd[0] = crc32.IEEE
	for i := 1; i < 32; i++ {
		odd[i] = 1 << (i - 1)
	}
	even.square(odd) // two zero bits
	odd.square(even) // four
	for {
		even.square(odd)
		if length&1 != 0 {
			first = even.times(first)
		}
		if length >>= 1; length == 0 {
			break
		}
		even, odd = odd, even
	}
	return first ^ second
}

// matrix is a 32 x 32 matrix over GF(2), a column a word.
type matrix [32]uint32

func (m *matrix) times(v uint32) uint32 {
	var sum uint32
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 != 0 {
			sum ^= m[i]
		}
	}
	return sum
}

func (m *matrix) square(of *matrix) {
	for i := range m {
		m[i] = of.times(of[i])
	}
}
