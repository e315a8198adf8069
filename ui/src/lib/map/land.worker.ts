import { drawLand } from './land';

onmessage = ({ data }: MessageEvent<Parameters<typeof drawLand>>) => postMessage(drawLand(...data));
