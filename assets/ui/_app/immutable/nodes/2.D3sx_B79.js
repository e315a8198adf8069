
export{_ as component}from"../chunks/B2Xkr2_z.js";