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

// ends returns how far above the base the data are that have nothing beside them.
func (p *patch) ends(valid, outside []bool, base Base) (edge []float32) {
	for k, ok := range valid {
		c := k % p.cols
		if ok && (k >= p.cols && outside[k-p.cols] || k+p.cols < len(valid) && outside[k+p.cols] || c > 0 && outside[k-1] || c+1 < p.cols && outside[k+1]) {
			edge = append(edge, p.z[k]-base.at(p.point(k)))
		}
	}
	return edge
}

// seaEdge is the least share of the data's edge that is sea where the sea goes on beyond it.
const seaEdge = 0.9

// seaAround tells whether the data end in a sea that stands so far above the base nearly everywhere: they are islands, or the globe.
func (g *guide) seaAround(level float32) bool {
	wet, all := 0, 0
	for _, p := range g.patches {
		for _, h := range p.edge {
			if all++; h <= level+seaLevelled {
				wet++
			}
		}
	}
	return float64(wet) >= seaEdge*float64(all)
}
