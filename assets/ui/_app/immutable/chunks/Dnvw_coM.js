
import{ft as e}from"./DbcmpsEM.js";var t=()=>`Shape`,n=()=>`形状`,r=((r={},i={})=>(i.locale??e())===`zh`?n(r):t(r));export{r as t};