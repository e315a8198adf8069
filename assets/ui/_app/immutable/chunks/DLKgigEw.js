
import{ft as e}from"./CchkZ3vY.js";var t=()=>`Shape`,n=()=>`形状`,r=((r={},i={})=>(i.locale??e())===`zh`?n(r):t(r));export{r as t};