
import{ft as e}from"./DbcmpsEM.js";var t=()=>`Format`,n=()=>`格式`,r=((r={},i={})=>(i.locale??e())===`zh`?n(r):t(r));export{r as t};