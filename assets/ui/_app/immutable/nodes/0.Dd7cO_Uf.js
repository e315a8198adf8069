
export{l as component,ht as universal}from"../chunks/DbcmpsEM.js";