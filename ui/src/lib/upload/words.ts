import { explain } from '$lib/explain';
import { m } from '$messages';
import type { ItemFault, UploadItem } from './item';

/** The hub's rule that a path breaks, as a sentence. */
export function faultSentence(fault: ItemFault): string {
	const sentences: Record<ItemFault, () => string> = {
		empty: m.upload_fault_empty,
		too_long: m.upload_fault_too_long,
		not_relative: m.upload_fault_not_relative,
		traversal: m.upload_fault_traversal,
		control: m.upload_fault_control,
		reserved: m.upload_fault_reserved,
		twice: m.upload_fault_twice
	};
	return sentences[fault]();
}

/** Why a file failed. */
export function failureSentence(item: UploadItem): string {
	if (item.problem === undefined) return m.upload_item_failed();
	return item.problem === 'unreadable' ? m.upload_item_unreadable() : explain(item.problem);
}
