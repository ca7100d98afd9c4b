package ingest

// seaLevelled is how far from the base ground may be that counts as sea, metres.
const seaLevelled = 1

// landward says of each sample of a patch how much of the rim's height it takes: all where the nearest data is land, none where
// land is twice as far as sea. Beyond the sea there is sea: the mean of the data around, which the rim begins with, would be a
// bank along the data's edge. nil: no data is sea.
func (p *patch) landward(valid []bool, far []float32, base Base, narrow float64) []float32 {
	land, sea := make([]bool, len(valid)), false
	for k, ok := range valid {
		if !ok {
			continue
		}
		if h := p.z[k]; h > farSea || h < -farSea {
			land[k] = true
			continue
		}
		over := p.z[k] - base.at(p.point(k))
		land[k] = over > seaLevelled || over < -seaLevelled
		sea = sea || !land[k]
	}
	if !sea {
		return nil
	}
	share := distances(land, p.cols, p.rows, narrow)
	for k, d := range share {
		share[k] = 1 - smooth(d/max(far[k], 1)-1)
	}
	return share
}
