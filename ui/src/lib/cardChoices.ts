/** What is offered while one writes a card; anything else may be written, too. */

export const FRAMEWORKS = [
	'pytorch',
	'tensorflow',
	'jax',
	'keras',
	'onnx',
	'scikit-learn',
	'xgboost',
	'lightgbm',
	'paddlepaddle',
	'mindspore',
	'julia'
] as const;

export const TASKS = [
	'weather-forecasting',
	'nowcasting',
	'downscaling',
	'data-assimilation',
	'emulation',
	'image-segmentation',
	'image-classification',
	'object-detection',
	'change-detection',
	'super-resolution',
	'time-series-forecasting',
	'anomaly-detection',
	'tabular-regression',
	'phase-picking',
	'seismic-inversion',
	'susceptibility-mapping'
] as const;

export const SENSORS = [
	'Sentinel-1 SAR',
	'Sentinel-2 MSI',
	'Landsat 8 OLI',
	'Landsat 9 OLI-2',
	'MODIS',
	'VIIRS',
	'GF-1',
	'GF-2',
	'FY-4A AGRI',
	'Himawari-8 AHI',
	'GPM IMERG',
	'ERA5',
	'GRACE',
	'ICESat-2'
] as const;
