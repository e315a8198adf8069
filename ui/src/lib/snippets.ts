/** Commands and code that get a repository from this hub, with its address, its name and a file that it really has. */
import { familyOf, type RepositoryKey } from '$lib/addresses';
import { contentAddress } from '$lib/download';

/** What is known of a repository when somebody wants to use it. */
export interface Usable extends RepositoryKey {
	default_branch: string;
	/** A token is asked for. */
	needsToken: boolean;
	/** A file to name as an example. */
	file: string | undefined;
	/** The class of transformers that loads it, of a model that this library loads. */
	autoModel?: string | undefined;
	hasTokenizer?: boolean;
}

/** Endings of the files that people want of a repository, the most wanted first. */
const WANTED = [
	/\.safetensors$/i,
	/\.(gguf|onnx|pt|pth|ckpt|keras|bin|joblib|pkl)$/i,
	/\.(parquet|nc|nc4|zarr|tiff?|h5|hdf5|grib2?|csv|geojson|gpkg|las|laz|npz|npy)$/i,
	/(^|\/)config\.json$/,
	/\.(py|ipynb|ya?ml|json|txt)$/i
];

/** Ways of transformers to choose a class; others are loaded by the class for all. */
const AUTO_MODELS = new Set(
	[
		'CausalLM MaskedLM Seq2SeqLM SequenceClassification TokenClassification QuestionAnswering MultipleChoice',
		'ImageClassification VideoClassification AudioClassification ZeroShotImageClassification',
		'ObjectDetection ZeroShotObjectDetection SemanticSegmentation InstanceSegmentation UniversalSegmentation',
		'DepthEstimation ImageToImage MaskGeneration CTC SpeechSeq2Seq VisualQuestionAnswering',
		'TableQuestionAnswering ImageTextToText'
	]
		.join(' ')
		.split(' ')
		.map((task) => `AutoModelFor${task}`)
);

/** A file worth naming: weights and data before configuration, what describes the repository last. */
export function exampleFile(paths: string[]): string | undefined {
	const shown = paths.filter((path) => !path.split('/').some((part) => part.startsWith('.')));
	for (const wanted of WANTED) {
		const found = shown.find((path) => wanted.test(path));
		if (found !== undefined) return found;
	}
	return shown[0];
}

/** The class of transformers to name for what a hub tells of a model, or nothing where the library does not load it. */
export function autoModelOf(info: {
	library_name?: unknown;
	transformersInfo?: unknown;
}): string | undefined {
	if (info.library_name !== 'transformers') return undefined;
	const told = (info.transformersInfo as { auto_model?: unknown } | null | undefined)?.auto_model;
	return typeof told === 'string' && AUTO_MODELS.has(told) ? told : 'AutoModel';
}

const idOf = ({ owner, name }: RepositoryKey) => `${owner}/${name}`;
/** Text as a string of Python. Names of files may hold anything. */
const quoted = (text: string) => JSON.stringify(text);
/** Text as one word of a shell. */
const word = (text: string) => (/^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
const typeOf = (key: RepositoryKey) => familyOf(key.repo_type)?.slice(0, -1);

function python(packages: string, origin: string, lines: string[]): string {
	const head = [
		`# pip install ${packages}`,
		'import os',
		`os.environ["HF_ENDPOINT"] = ${quoted(origin)}`,
		''
	];
	return [...head, ...lines].join('\n');
}

export function transformersSnippet(repository: Usable, origin: string): string {
	const { autoModel = 'AutoModel', hasTokenizer = false } = repository;
	const classes = hasTokenizer ? `${autoModel}, AutoTokenizer` : autoModel;
	const id = quoted(idOf(repository));
	return python('transformers', origin, [
		`from transformers import ${classes}`,
		'',
		...(hasTokenizer ? [`tokenizer = AutoTokenizer.from_pretrained(${id})`] : []),
		`model = ${autoModel}.from_pretrained(${id})`
	]);
}

export function datasetsSnippet(repository: Usable, origin: string): string {
	return python('datasets', origin, [
		'from datasets import load_dataset',
		'',
		`dataset = load_dataset(${quoted(idOf(repository))})`
	]);
}

export function pythonSnippet(repository: Usable, origin: string): string {
	const type = typeOf(repository);
	const named = (...words: string[]) =>
		[quoted(idOf(repository)), ...words, ...(type ? [`repo_type="${type}"`] : [])].join(', ');
	const { file } = repository;
	return python('huggingface_hub', origin, [
		`from huggingface_hub import ${file === undefined ? '' : 'hf_hub_download, '}snapshot_download`,
		'',
		...(file === undefined ? [] : [`file = hf_hub_download(${named(quoted(file))})`]),
		`folder = snapshot_download(${named()})`
	]);
}

export function commandSnippet(repository: Usable, origin: string): string {
	const type = typeOf(repository);
	const all = `hf download ${idOf(repository)}`;
	const option = type ? ` --repo-type ${type}` : '';
	const { file } = repository;
	return [
		'# pip install huggingface_hub',
		`export HF_ENDPOINT=${origin}`,
		...(file === undefined ? [] : [`${all} ${word(file)}${option} --local-dir .`]),
		`${all}${option} --local-dir ${word(repository.name)}`
	].join('\n');
}

/** Of a file, or of everything in one archive. */
export function curlSnippet(repository: Usable, origin: string, file: string | undefined): string {
	const revision = repository.default_branch;
	const wanted =
		file === undefined ? { path: '', revision, archive: 'zip' as const } : { path: file, revision };
	const output = file?.split('/').at(-1) ?? `${repository.name}.zip`;
	const token = repository.needsToken ? ['-H "Authorization: Bearer $HF_TOKEN"'] : [];
	const address = word(origin + contentAddress(repository, wanted));
	return ['curl -L', ...token, `-o ${word(output)}`, address].join(' \\\n  ');
}
