
import{ft as e}from"./DbcmpsEM.js";var t=()=>`Compression`,n=()=>`压缩方式`,r=((r={},i={})=>(i.locale??e())===`zh`?n(r):t(r));export{r as t};