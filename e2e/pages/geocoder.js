// CesiumJS with its own search box, of which one line is changed: where ion is. ?ion= names the server. After each flight #report says where
// the camera is and how often it flew: { lon, lat, height, text }, and data-flights.
globalThis.CESIUM_BASE_URL = '/cesium/';
const { Cesium } = globalThis;

Cesium.Ion.defaultServer = new URLSearchParams(location.search).get('ion');
Cesium.Ion.defaultAccessToken = 'whatever the application has';
const viewer = new Cesium.Viewer('cesiumContainer', {
  baseLayer: false, baseLayerPicker: false, animation: false, timeline: false, skyBox: false, skyAtmosphere: false,
  navigationHelpButton: false, geocoder: true,
});
const report = document.querySelector('#report');
let flights = 0;
viewer.geocoder.viewModel.complete.addEventListener(() => {
  const { longitude, latitude, height } = viewer.camera.positionCartographic;
  report.textContent = JSON.stringify({
    lon: Cesium.Math.toDegrees(longitude), lat: Cesium.Math.toDegrees(latitude), height, text: viewer.geocoder.viewModel.searchText,
  });
  report.dataset.flights = flights += 1;
});
