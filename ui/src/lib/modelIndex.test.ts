import { describe, expect, it } from 'vitest';
import { evaluationResults } from './modelIndex';

describe('evaluation results of a card', () => {
	it('are one row for every metric', () => {
		const index = [
			{
				name: 'unet',
				results: [
					{
						task: { type: 'image-segmentation' },
						dataset: { name: 'Po valley', split: 'test' },
						metrics: [
							{ type: 'iou', value: 0.81 },
							{ name: 'F1', value: '0.89' }
						]
					}
				]
			}
		];
		expect(evaluationResults(index)).toEqual([
			{
				model: 'unet',
				task: 'image-segmentation',
				dataset: 'Po valley (test)',
				metric: 'iou',
				value: '0.81'
			},
			{ model: 'unet', task: 'image-segmentation', dataset: 'Po valley (test)', metric: 'F1', value: '0.89' }
		]);
	});

	it('are none where a card writes something else', () => {
		expect(evaluationResults(null)).toEqual([]);
		expect(evaluationResults('good')).toEqual([]);
		expect(evaluationResults([{ results: [{ metrics: [{ type: 'iou' }, null, 3] }] }])).toEqual([]);
	});
});
