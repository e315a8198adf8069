
export{At as load_css,kt as start}from"../chunks/BmSux_wA.js";