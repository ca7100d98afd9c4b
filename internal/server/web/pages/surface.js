// How the ground is coloured: by height, by slope, or not at all. A ramp is a picture one pixel high that the graphics card looks up.

// Heights in metres and colours with alpha. Sea level itself is clear, so that the base map shows where there is no data, and shallow water
// nearly so: the skirts that CesiumJS hangs below a tile's border would show as lines else.
const heightStops = [
  [-6000, '#0b2545'], [-3000, '#123a63'], [-1000, '#1f5d8c'], [-200, '#3f8bb5'], [-80, '#6aaecaa0'], [-6, '#9fd0da00'], [0, '#e3d6a800'],
  [1, '#e3d6a8'], [8, '#d9cf9a'], [60, '#8fb573'], [300, '#5f9a5b'], [700, '#88a662'], [1200, '#c4b377'],
  [1800, '#a9825a'], [2500, '#8a6a5b'], [3200, '#b9b1ac'], [3800, '#f2f2f2'], [6000, '#ffffff'], [9000, '#ffffff'],
];
const slopeStops = [[0, '#f7f4ea'], [8, '#cfe0b0'], [18, '#f2cf63'], [30, '#e07b39'], [45, '#a83232'], [70, '#4a1942'], [90, '#4a1942']];

// Half a metre a pixel near sea level is out of reach of one linear ramp, so the ramp is linear in the signed square root of height.
const bend = (metres) => Math.sign(metres) * Math.sqrt(Math.abs(metres));

function ramp(stops, place) {
  const canvas = document.createElement('canvas');
  canvas.width = 2048;
  canvas.height = 1;
  const context = canvas.getContext('2d');
  const [first, last] = [place(stops[0][0]), place(stops.at(-1)[0])];
  const gradient = context.createLinearGradient(0, 0, canvas.width, 0);
  for (const [value, colour] of stops) gradient.addColorStop((place(value) - first) / (last - first), colour);
  context.fillStyle = gradient;
  context.fillRect(0, 0, canvas.width, 1);
  return canvas;
}

/**
 * surfaceMaterial returns a Cesium material for the name of a surface, or undefined for the plain base map. See tellMaterial.
 */
export function surfaceMaterial(Cesium, name) {
  if (name === 'slope') {
    return Cesium.Material.fromType('SlopeRamp', { image: ramp(slopeStops, (v) => v) });
  }
  if (name !== 'heights') return undefined;
  return new Cesium.Material({
    fabric: {
      uniforms: { exaggeration: 1, wet: 0, ground: new Cesium.Cartesian4(), ramp: ramp(heightStops, bend), lowest: bend(heightStops[0][0]), highest: bend(heightStops.at(-1)[0]) },
      // ground is west, south, width, height in radians; colour fades in over the outer 4 % of it.
      source: `
        float onGround(vec3 toEye) {
          vec3 place = (czm_inverseView * vec4(-toEye, 1.0)).xyz;
          float lon = mod(atan(place.y, place.x) - ground.x + czm_twoPi, czm_twoPi);
          float lat = atan(place.z * 1.00673949674, length(place.xy)) - ground.y; // 1 / (1 - e2) of WGS 84
          vec2 part = vec2(lon, lat) / ground.zw;
          vec2 edge = min(part, 1.0 - part);
          return smoothstep(0.0, 0.04, min(edge.x, edge.y));
        }
        czm_material czm_getMaterial(czm_materialInput materialInput) {
          czm_material material = czm_getDefaultMaterial(materialInput);
          float height = materialInput.height / exaggeration;
          float bent = sign(height) * sqrt(abs(height));
          vec4 colour = czm_gammaCorrect(texture(ramp, vec2((bent - lowest) / (highest - lowest), 0.5)));
          material.diffuse = colour.rgb;
          material.alpha = colour.a * onGround(materialInput.positionToEyeEC) * (1.0 - wet * step(height, 0.0));
          return material;
        }`,
    },
  });
}

/** floodMaterial leaves what lies below zero to the water that CesiumJS draws, or colours it. */
export function floodMaterial(material, wet) {
  if (material && 'wet' in material.uniforms) material.uniforms.wet = Number(wet);
}

/**
 * tellMaterial tells a material what it cannot see: how much heights are exaggerated (CesiumJS hands it exaggerated ones), and which ground
 * [w, s, e, n] in degrees holds data. Beyond it coarse tiles stand a little above or below the sea, which is no height to colour.
 */
export function tellMaterial(Cesium, material, exaggeration, [w, s, e, n]) {
  if (!material || !('ground' in material.uniforms)) return;
  const radians = Cesium.Math.toRadians;
  material.uniforms.exaggeration = exaggeration;
  material.uniforms.ground = new Cesium.Cartesian4(radians(w), radians(s), radians(e - w), radians(n - s));
}
