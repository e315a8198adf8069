
export{l as component,ht as universal}from"../chunks/BmSux_wA.js";