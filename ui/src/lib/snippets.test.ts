import { describe, expect, it } from 'vitest';
import {
	autoModelOf,
	commandSnippet,
	curlSnippet,
	datasetsSnippet,
	exampleFile,
	pythonSnippet,
	transformersSnippet,
	type Usable
} from './snippets';

const HUB = 'https://hub.example';
const model: Usable = {
	owner: 'ada',
	name: 'winds',
	repo_type: 'model',
	default_branch: 'main',
	needsToken: false,
	file: 'model.safetensors'
};
const dataset: Usable = { ...model, repo_type: 'dataset', file: "data/cores '26.csv" };

describe('snippets', () => {
	it('name the hub before a library is loaded', () => {
		for (const text of [
			pythonSnippet(model, HUB),
			datasetsSnippet(dataset, HUB),
			transformersSnippet(model, HUB)
		]) {
			expect(text.indexOf('os.environ["HF_ENDPOINT"] = "https://hub.example"')).toBeGreaterThan(0);
			expect(text.indexOf('HF_ENDPOINT')).toBeLessThan(text.indexOf('\nfrom '));
		}
		expect(commandSnippet(model, HUB)).toContain('export HF_ENDPOINT=https://hub.example\n');
	});

	it('name the kind where it is not a model', () => {
		expect(pythonSnippet(model, HUB)).toContain('hf_hub_download("ada/winds", "model.safetensors")');
		expect(pythonSnippet(model, HUB)).toContain('snapshot_download("ada/winds")');
		expect(pythonSnippet(dataset, HUB)).toContain('snapshot_download("ada/winds", repo_type="dataset")');
		expect(commandSnippet(dataset, HUB)).toContain(
			'hf download ada/winds --repo-type dataset --local-dir winds'
		);
	});

	it('quote names of files for the shell', () => {
		expect(commandSnippet(dataset, HUB)).toContain(`'data/cores '\\''26.csv'`);
		expect(curlSnippet(dataset, HUB, dataset.file)).toContain(`-o 'cores '\\''26.csv'`);
	});

	it('name no file where there is none', () => {
		const empty = { ...model, file: undefined };
		expect(pythonSnippet(empty, HUB)).not.toContain('hf_hub_download');
		expect(commandSnippet(empty, HUB).match(/hf download/g)).toHaveLength(1);
	});

	it('send a token where one is asked for', () => {
		expect(curlSnippet(model, HUB, undefined)).not.toContain('Authorization');
		expect(curlSnippet({ ...model, needsToken: true }, HUB, undefined)).toContain('Bearer $HF_TOKEN');
	});

	it('load a model by its class and its tokenizer', () => {
		const known = { ...model, autoModel: 'AutoModelForMaskedLM', hasTokenizer: true };
		expect(transformersSnippet(known, HUB)).toContain('import AutoModelForMaskedLM, AutoTokenizer');
		expect(transformersSnippet(model, HUB)).toContain('model = AutoModel.from_pretrained("ada/winds")');
	});
});

describe('what a snippet names', () => {
	it('is weights or data before what describes them', () => {
		expect(exampleFile(['.gitattributes', 'README.md', 'config.json', 'model.safetensors'])).toBe(
			'model.safetensors'
		);
		expect(exampleFile(['README.md', 'data/cores.csv'])).toBe('data/cores.csv');
		expect(exampleFile(['README.md'])).toBe('README.md');
		expect(exampleFile(['.gitattributes'])).toBeUndefined();
	});

	it('is a class of transformers only where that library loads the model', () => {
		const transformersInfo = { auto_model: 'AutoModelForCausalLM' };
		expect(autoModelOf({ library_name: 'transformers', transformersInfo })).toBe('AutoModelForCausalLM');
		expect(autoModelOf({ library_name: 'timm', transformersInfo })).toBeUndefined();
		expect(autoModelOf({ transformersInfo })).toBeUndefined();
		const unknown = { auto_model: 'AutoModelForPrediction' };
		expect(autoModelOf({ library_name: 'transformers', transformersInfo: unknown })).toBe('AutoModel');
	});
});
