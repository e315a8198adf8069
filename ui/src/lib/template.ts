/**
 * A README from a template: variables of the front matter become YAML values, those of the text plain text. One that
 * has no value stays empty.
 */
export function fillTemplate(content: string, values: Record<string, string | string[]>): string {
	const end = content.startsWith('---\n') ? content.indexOf('\n---', 4) : -1;
	const front = end < 0 ? '' : content.slice(0, end);
	const text = end < 0 ? content : content.slice(end);
	const variable = /\{\{(\w+)\}\}/g;
	// JSON is YAML, whatever a value holds.
	const yaml = front.replace(variable, (_, name: string) => JSON.stringify(values[name] ?? ''));
	return yaml + text.replace(variable, (_, name: string) => [values[name] ?? ''].flat().join(', '));
}
