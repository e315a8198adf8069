
import{ft as e}from"./DbcmpsEM.js";var t=e=>`${e?.width} × ${e?.height} pixels`,n=e=>`${e?.width} × ${e?.height} 像素`,r=((r,i={})=>(i.locale??e())===`zh`?n(r):t(r));export{r as t};