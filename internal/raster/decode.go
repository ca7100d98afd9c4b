package raster

import "math"

// decoder turns pixels into metres, and everything that is no height into NaN.
type decoder struct {
	wide      bool // pixels need float64 to be compared exactly
	signed    bool // bytes that GDAL hands out unsigned
	masked    bool // a mask or alpha band decides too
	raw       bool // undeclared sentinels and impossible heights are passed on
	nodata    float64
	sentinels []float64 // undeclared values that mean no data, before scale and offset
	scale     float64   // metres of one step
	offset    float64   // metres
}

// Mask flags of GDAL: a band of its own, or alpha.
const maskPerDataset, maskAlpha = 2, 4

// hugeValue bounds what can be a height in any unit: the "no data" of a careless writer is near 3.4e38 or 1.8e308.
const hugeValue = 1e30

func newDecoder(f File, maskFlags int) decoder {
	d := decoder{nodata: math.NaN(), scale: f.Scale * f.UnitMetres, offset: f.Offset * f.UnitMetres}
	if f.NoData != nil {
		d.nodata = *f.NoData
	}
	d.wide = f.DataType == "Float64" || f.DataType == "Int32" || f.DataType == "UInt32"
	d.signed = f.DataType == "Int8"
	d.masked = maskFlags&(maskPerDataset|maskAlpha) != 0
	d.sentinels = sentinels(f)
	return d
}

// sentinels returns the values that writers use for "no data" without declaring it and that cannot be heights on Earth.
func sentinels(f File) []float64 {
	all := []float64{-9999, -32767, -32768, -99999, -999999, -9999999, -2147483648, -2147483647, 32767, 65535, 2147483647, 4294967295}
	var kept []float64
	for _, v := range all {
		if h := (v*f.Scale + f.Offset) * f.UnitMetres; v != -9999 && h > lowest && h < highest {
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

// line decodes pixels into dst where dst is still NaN; what is no height on Earth stays NaN. mask may be nil.
func line[T float32 | float64](d *decoder, dst []float32, src []T, mask []uint8) {
	nodata := T(d.nodata)
	scale, offset := d.scale, d.offset
	plain := scale == 1 && offset == 0 && !d.signed
	for i, v := range src[:len(dst)] {
		if dst[i] == dst[i] || v != v || v == nodata || mask != nil && mask[i] == 0 {
			continue
		}
		if (v <= -9999 || v >= 32767) && !d.raw && d.isSentinel(float64(v)) {
			continue
		}
		h := float64(v)
		if !plain {
			if d.signed && v > 127 {
				if v -= 256; v == nodata {
					continue
				}
			}
			h = float64(v)*scale + offset
		}
		if d.raw || h >= lowest && h <= highest {
			dst[i] = float32(h)
		}
	}
}

func (d *decoder) isSentinel(v float64) bool {
	if math.Abs(v) >= hugeValue {
		return true
	}
	for _, s := range d.sentinels {
		if v == s {
			return true
		}
	}
	return false
}
