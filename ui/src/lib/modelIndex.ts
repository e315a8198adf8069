/** One evaluation result of a card. */
export interface EvaluationResult {
	model: string;
	task: string;
	dataset: string;
	metric: string;
	value: string;
}

/** The results in a card's `model-index`, as Hugging Face writes it; what has another shape is passed over. */
export function evaluationResults(index: unknown): EvaluationResult[] {
	return list(index).flatMap((model) =>
		list(field(model, 'results')).flatMap((result) =>
			list(field(result, 'metrics')).flatMap((metric) => {
				const value = text(field(metric, 'value'));
				if (value === '') return [];
				return [
					{
						model: text(field(model, 'name')),
						task: nameOf(field(result, 'task')),
						dataset: nameOf(field(result, 'dataset')),
						metric: nameOf(metric),
						value
					}
				];
			})
		)
	);
}

function list(value: unknown): unknown[] {
	if (Array.isArray(value)) return value;
	return typeof value === 'object' && value !== null ? [value] : [];
}

function field(value: unknown, name: string): unknown {
	return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function text(value: unknown): string {
	return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** What a task, dataset or metric is called, with its configuration or split where that tells it apart. */
function nameOf(value: unknown): string {
	const name = text(field(value, 'name')) || text(field(value, 'type')) || text(value);
	const part = [field(value, 'config'), field(value, 'split')].map(text).filter(Boolean).join(', ');
	return name !== '' && part !== '' ? `${name} (${part})` : name;
}
