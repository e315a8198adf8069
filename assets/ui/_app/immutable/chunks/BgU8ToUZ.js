
import{ft as e}from"./DbcmpsEM.js";var t=()=>`Metadata`,n=()=>`元数据`,r=((r={},i={})=>(i.locale??e())===`zh`?n(r):t(r));export{r as t};