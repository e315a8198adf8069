
export{t as component}from"../chunks/BmSux_wA.js";