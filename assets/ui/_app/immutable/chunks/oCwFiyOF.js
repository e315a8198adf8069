
import{ft as e}from"./DbcmpsEM.js";var t=()=>`Data type`,n=()=>`数据类型`,r=((r={},i={})=>(i.locale??e())===`zh`?n(r):t(r));export{r as t};