import { describe, expect, it } from 'vitest';
import { fillTemplate } from './template';

describe('a template', () => {
	it('takes values into front matter as YAML and into text as they are', () => {
		const content =
			'---\ntitle: {{title}}\ntags: {{tags}}\ntask: {{task}}\n---\n\n# {{title}}\n\n{{summary}}\n';
		expect(fillTemplate(content, { title: 'A: "b"', tags: ['x', '滑坡'], summary: 'S' })).toBe(
			'---\ntitle: "A: \\"b\\""\ntags: ["x","滑坡"]\ntask: ""\n---\n\n# A: "b"\n\nS\n'
		);
	});
});
